"""Scripts that write the generated pages; a package, so that nothing else called docs is taken for it."""
