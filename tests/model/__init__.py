"""Tests with the weights of a real small model: `just test-model`. They fail where the weights cannot be had."""
