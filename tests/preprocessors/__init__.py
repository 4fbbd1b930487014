"""What readies images, as it is written down."""
