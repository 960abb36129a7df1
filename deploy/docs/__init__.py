"""What docs/ says of the interfaces, made from the code: OpenAPI, AsyncAPI, schemas, tables."""
