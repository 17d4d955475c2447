"""Settings as YAML groups: environments, agents, networks (data only)."""
