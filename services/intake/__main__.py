"""`python -m services.intake all|api|worker|migrate|seed|replay|resend`."""

from services.intake.main import app

app()
