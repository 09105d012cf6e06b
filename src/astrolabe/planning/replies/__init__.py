"""What a model wrote, read as what it was asked for: whatever stands around it, and broken as it may be."""
