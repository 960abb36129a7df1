"""`python -m services.workorders all|api|worker|migrate|seed|replay|resend`."""

from services.workorders.main import app

app()
