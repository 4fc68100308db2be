"""The studio: a page where one drags a person through a room and sees what the product does."""
