"""Plain rclpy nodes: they convert, call the pipeline and publish."""
