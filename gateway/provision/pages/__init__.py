"""What staff read of a board, made from its data: wiring drawings and a page. `make docs`."""
