"""Many models: judged apart from each other, remembered, and told as they come."""
