"""众筹: campaigns and what stands beside them."""
