"""Door 3, time: what becomes due, and the loop that hands messages over."""
