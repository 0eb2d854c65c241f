"""Made by generate-stubs from the proto files; not edited by hand."""
