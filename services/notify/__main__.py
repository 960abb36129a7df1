"""`python -m services.notify all|api|worker|migrate|seed|replay|resend`."""

from services.notify.main import app

app()
