"""The rules of work orders: the order and its moves, the clocks on it, where it is sent."""
