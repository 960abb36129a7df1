"""What is said about the interfaces, made from the code itself: OpenAPI, AsyncAPI, schemas, tables."""
