"""What commands say about clusters: which they name and make, and how their tools reach them."""
