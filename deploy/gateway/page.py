"""A telephone to look at: the newest SMS and e-mails, and a way to answer as a customer."""

from collections.abc import Iterable
from html import escape

from deploy.gateway.journal import Mail, Sms

WORDS = {
    1: ("good", "delivered"),
    2: ("bad", "not delivered"),
    4: ("", "buffered"),
    8: ("", "sent"),
    16: ("bad", "refused"),
}
SHOWN = 600
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wattline: outside</title>
<noscript><meta http-equiv="refresh" content="3"></noscript>
<style>
:root { color-scheme: light dark; --back: #e7ebf0; --card: #fff; --ink: #17202b; --soft: #66707c;
  --good: #12804a; --bad: #c0322b; --line: #dfe4ea; --accent: #1f6feb; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --card: #1b222c; --ink: #e8edf3;
  --soft: #93a0af; --good: #4cc38a; --bad: #ff7b72; --line: #2d3642; --accent: #6cb0ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
.phone { max-width: 30rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.05rem; margin: .25rem 0 0; }
.soft, time, h1 small { color: var(--soft); font-size: .82rem; font-weight: normal; }
article { background: var(--card); border-radius: 1.1rem; padding: .8rem 1rem; margin: .8rem 0;
  box-shadow: 0 1px 2px #0002; }
article.sms { border-bottom-left-radius: .3rem; }
article.mail { border-left: .25rem solid var(--accent); }
header { display: flex; justify-content: space-between; gap: 1rem; }
header b { overflow-wrap: anywhere; }
p { margin: .3rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
i { font-style: normal; font-size: .75rem; border: 1px solid var(--line); border-radius: 1rem;
  padding: .05rem .55rem; margin-right: .3rem; color: var(--soft); }
i.good { color: var(--good); } i.bad { color: var(--bad); }
form { display: flex; gap: .4rem; flex-wrap: wrap; margin-top: .8rem; }
input, button { font: inherit; color: inherit; background: var(--card); padding: .4rem .8rem;
  border: 1px solid var(--line); border-radius: 1rem; min-width: 0; }
input[name=from] { width: 9rem; } input[name=text] { flex: 1; } input[name=to] { width: 5.5rem; }
button { background: var(--accent); border-color: var(--accent); color: #fff; cursor: pointer; }
</style>
</head>
<body>
<div class="phone">
<h1>What customers receive <small>SMS and e-mail, newest first</small></h1>
<form>
<input name="from" placeholder="customer" value="13800138000" required>
<input name="to" placeholder="our number" value="95598" required>
<input name="text" placeholder="answer as a customer, e.g. TD" required>
<button>Send</button>
<output class="soft"></output>
</form>
<main>
{{messages}}
</main>
</div>
<script>
const main = document.querySelector("main"), form = document.querySelector("form");
let shown = "";
const refresh = async () => {
  const answer = await fetch("messages").catch(() => null);
  const text = answer?.ok ? await answer.text() : null;
  if (text !== null && text !== shown) main.innerHTML = shown = text;
};
setInterval(refresh, 2000);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  const headers = {"content-type": "application/json"};
  const answer = await fetch("simulate/mo", {method: "POST", headers, body}).catch(() => null);
  form.querySelector("output").textContent = answer?.ok ? "taken" : "nobody took it";
});
</script>
</body>
</html>
"""


def page(messages: Iterable[Sms | Mail]) -> str:
    return PAGE.replace("{{messages}}", listing(messages))


def listing(messages: Iterable[Sms | Mail]) -> str:
    cards = [_sms(m) if isinstance(m, Sms) else _mail(m) for m in messages]
    return "\n".join(cards) or '<p class="soft">Nothing has arrived yet.</p>'


def _sms(sms: Sms) -> str:
    chips = "".join(_chip(receipt.code) for receipt in sms.receipts)
    return f'<article class="sms">{_head(sms)}<p>{_short(sms.text)}</p>{chips}</article>'


def _mail(mail: Mail) -> str:
    return (
        f'<article class="mail">{_head(mail)}'
        f"<p><b>{_short(mail.subject)}</b></p><p>{_short(mail.text)}</p></article>"
    )


def _head(message: Sms | Mail) -> str:
    local = message.at.astimezone()
    return (
        f"<header><b>{escape(message.to)}</b>"
        f'<time datetime="{message.at.isoformat()}">{local:%m-%d %H:%M:%S}</time></header>'
        f'<span class="soft">from {escape(message.sender)}</span>'
    )


def _chip(code: int) -> str:
    kind, word = WORDS[code]
    return f'<i class="{kind}">{word}</i>'


def _short(text: str) -> str:
    return escape(text if len(text) <= SHOWN else f"{text[:SHOWN]} …")
