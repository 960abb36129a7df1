"""What crosses the borders between services: the envelope, and one file or package per speaker."""
