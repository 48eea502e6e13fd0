"""What a provider insists on beyond its dialect: pure edits of a request, each removal a loss."""
