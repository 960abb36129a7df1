"""`python -m services.billing all|api|worker|migrate|seed|replay|resend`."""

from services.billing.main import app

app()
