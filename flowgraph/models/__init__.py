"""The models of the books as graph builders, by family."""
