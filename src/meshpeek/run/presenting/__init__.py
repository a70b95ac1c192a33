"""What a presenter has: keys, an outline, a clock, and the driver that listens to them."""
