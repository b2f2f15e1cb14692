"""The Kafka door: `recommendation_requests` → `recommendation_responses`, for callers who can wait a moment."""
