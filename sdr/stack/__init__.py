"""`manage.py runstack`: the whole system as processes of one machine, started in order and stopped together."""
