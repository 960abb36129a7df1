"""What one can do here. Each is one transaction, opened and committed by its door."""
