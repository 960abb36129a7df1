"""What intake tells the others: from our words to the published ones."""

from dataclasses import asdict

from services.intake.domain import Case
from shared.contracts.intake import CaseAccepted


def accepted(case: Case) -> CaseAccepted:
    return CaseAccepted.model_validate(
        {
            "case_id": case.id,
            "number": case.number,
            "case_type": case.type,
            "channel": case.channel,
            "accepted_at": case.accepted_at,
            "caller": asdict(case.caller),
            "location": asdict(case.location),
            "account_no": case.account_no,
            "description": case.description,
            "promises": [asdict(p) for p in case.promises],
        }
    )
