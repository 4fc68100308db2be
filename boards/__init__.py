"""The boards that Doorknock runs on, as data; gateway/provision/boards.py reads them."""
