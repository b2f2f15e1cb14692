"""The pages of the admin: index versions, and scoring profiles with their preview."""
