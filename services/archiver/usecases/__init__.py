"""What can be asked of the archiver: a file a noun, a function per thing. Each decides, stores, tells."""
