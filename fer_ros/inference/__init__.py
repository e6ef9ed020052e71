"""Models and what runs them: manifests, the store that verifies files, engines."""
