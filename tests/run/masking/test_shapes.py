"""Secrets that nobody has named, known by their shape; and what only looks a bit like one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.run.masking import Masker

JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEow/IBA+AKCAQEA\n"
    "q83bFw==\n-----END RSA PRIVATE KEY-----"
)
ENCODED_KEY = base64.b64encode(KEY.encode()).decode()
WRAPPED_KEY = base64.encodebytes(KEY.encode()).decode()
GITHUB = "ghp_" + "0aB" * 12
SK = "sk-" + "aB3dE6" * 8

HIDDEN = [
    # Tokens.
    (f"a {GITHUB} b", "a ghp_*** b"),
    ("github_pat_11ABCDEFG0aBcDeFgHiJkL_xyz.", "github_pat_***."),
    ("npm_" + "aB3" * 12, "npm_***"),
    ("hf_" + "aBcD" * 9, "hf_***"),
    ("glpat-aB3dE6gH9jK2mN5pQ8rS", "glpat-***"),
    (f"key {SK} ", "key sk-*** "),
    ("sk-proj-aB3dE6gH9jK2mN5pQ8rS_-x", "sk-***"),
    ("sk-ant-api03-aB3dE6gH9jK2mN5pQ8rS", "sk-***"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv ", "AIza*** "),
    ("id AKIAIOSFODNN7EXAMPLE\n", "id AKIA***\n"),
    (f"{JWT} rest", "eyJ*** rest"),
    ("xoxb-123456789012-abcdef", "xoxb-***"),
    (f"{KEY}\nafter", "-----BEGIN RSA PRIVATE KEY-----***\nafter"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEow\n", "-----BEGIN PRIVATE KEY-----***"),
    (f"  client-key-data: {ENCODED_KEY}\nx", f"  client-key-data: {ENCODED_KEY[:32]}***\nx"),
    (f"{WRAPPED_KEY}after", f"{WRAPPED_KEY[:32]}***\nafter"),
    # Headers.
    ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz==\r\n", "Authorization: Bearer ***\r\n"),
    ("> Authorization: Basic dXNlcjpodW50ZXIy\r\n", "> Authorization: Basic ***\r\n"),
    ("-H 'authorization: basic dXNlcjpodW50ZXIy'", "-H 'authorization: basic ***'"),
    ('"Authorization": "Basic dXNlcjpodW50ZXI="', '"Authorization": "Basic ***"'),
    ("X-Auth-Token: 3f9a8b7c6d5e\n", "X-Auth-Token: ***\n"),
    # URLs.
    ("https://user:hunter2@host/path", "https://user:***@host/path"),
    ("postgres://app:p%40ss,w@db:5432/x?a=b", "postgres://app:***@db:5432/x?a=b"),
    ("redis://:hunter2@redis", "redis://:***@redis"),
    (f"https://x:{GITHUB}@github.com", "https://x:***@github.com"),
    # Assignments and options.
    ("--token=abcdef.0123456789 next", "--token=*** next"),
    ("DB_PASSWORD='hunter2!' x", "DB_PASSWORD='***' x"),
    ('export PASSWORD="correct horse"; x', 'export PASSWORD="***"; x'),
    ("?access_token=abcdefgh&page=2", "?access_token=***&page=2"),
    ("--from-literal=password=hunter2 x", "--from-literal=password=*** x"),
    ("login --password hunter2 host", "login --password *** host"),
    ("login --docker-password 'hunter 2' host", "login --docker-password '***' host"),
    ("--token abcdef.0123456789abcdef \\", "--token *** \\"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG\n", "aws_secret_access_key = ***\n"),
    ('secret_key = "a1b2c3"\ntoken="ab-cd-ef"', 'secret_key = "a1b2c3"\ntoken="***"'),
    # YAML, JSON, and sentences.
    ("password: hunter2\nuser: me", "password: ***\nuser: me"),
    ("  adminPassword: 'it''s me' # of course", "  adminPassword: '***' # of course"),
    ("- {user: me, password: hunter2, x: y}", "- {user: me, password: ***, x: y}"),
    ("token: 3f9a8b7c6d5e", "token: ***"),
    ("token: 550e8400-e29b-41d4-a716-446655440000\n", "token: ***\n"),
    ("secretAccessKey:   wJalrXUtnFEMI/K7MDENG\n", "secretAccessKey:   ***\n"),
    (f"token:      {JWT}", "token:      ***"),
    ('{"password": "hunter2", "user": "me"}', '{"password": "***", "user": "me"}'),
    ('{"password":"a \\"quoted\\" one"}', '{"password":"***"}'),
    ('"{\\"password\\":\\"a \\\\\\"quoted\\\\\\" one\\"}"', '"{\\"password\\":\\"***\\"}"'),
    ("{'api_key': '0123456789'}", "{'api_key': '***'}"),
    ('\x1b[34;1m"token"\x1b[0m\x1b[1m:\x1b[0m \x1b[32m"a1b2c3d4"\x1b[0m',
     '\x1b[34;1m"token"\x1b[0m\x1b[1m:\x1b[0m \x1b[32m"***"\x1b[0m'),
    ("The admin's password: hunter2\r\n", "The admin's password: ***\r\n"),
]  # fmt: skip

SHOWN = [
    # Words that tokens begin like.
    "through high_and low_, xox, eyJustNot.so",
    "task-management-and-other-things, disk-encryption-set-A1, risk-B2-assessment-of-all",
    "sk-learn-based-pipeline-components, npm_config_registry, hf_hub_download, glpat-short",
    "the bearer of good news; bearer responsibilities; Basic authentication; a basic example",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUI",
    "AKIA is a prefix, and key=value is a pair",
    "mirror.linkerd.io/exported=remote-discovery",
    "http://localhost:8080/api http://face.faces:80 git@github.com:linkerd/linkerd2",
    "https://user@host, http://[::1]:80/, https://user:$PASSWORD@host, https://u:<password>@host",
    # Placeholders.
    "--token=$TOKEN --password=<password> token=short",
    'password: "" # to be filled in',
    "password: ''\ntoken:\npassword: null\nautomountServiceAccountToken: false",
    "password: ${DB_PASSWORD}\npassword: $(cat file)\npassword: {{ .Values.password }}",
    'token="$TOKEN" token="${TOKEN}" TOKEN="$(kubectl get secret x -o jsonpath={.data.token})"',
    "password: *** password: <password> --password PASSWORD --token YOUR_TOKEN",
    "Password: ",
    "read -s -p 'Password: ' x </dev/tty; read -sp \"Token: \" x; echo \"$x\"",
    "curl -H 'Authorization: Bearer '$TOKEN",
    # Prose.
    "password: see below for how to get it",
    "The secret: a good night's sleep. The token: it is in the file",
    "use --token or --password with it; --token string   Bearer token; --password-stdin",
    "a token: unexpected\nsecret: required",
    # Kubernetes: the names of objects.
    "secret: linkerd-identity-issuer\nsecretName: linkerd-identity-issuer",
    "  - secret:\n      secretName: linkerd-policy-validator-k8s-tls\n",
    "tokenName: hunter2hunter2\ntokenExpirationSeconds: 3607\ntokenPath: /a/b",
    "secretKeyRef: {name: db, key: password}\nimagePullSecrets:\n- name: regcred\n",
    "password:  12 bytes\ntoken:      1024 bytes",
    "Mountable secrets:   linkerd-token-x8k2j\nTokens:              <none>",
    "Secret: linkerd-config-overrides\ntoken: /var/run/secrets/token/linkerd-identity-token",
    "secret/cluster-credentials-east created; secret \"x12345678\" deleted",
    "kubectl get secret linkerd-trust-anchor -o jsonpath='{.data.password}' | base64 -d",
    "type: kubernetes.io/service-account-token",
    "kubectl create token default --duration 24h",
    "token = get_token(1)\npassword = input('Password: ')",
]  # fmt: skip


@pytest.mark.parametrize(("text", "masked"), HIDDEN)
def test_common_secrets_are_hidden(text: str, masked: str) -> None:
    assert Masker().mask_text(text) == masked


@pytest.mark.parametrize("text", SHOWN)
def test_what_only_looks_a_bit_like_one_stays(text: str) -> None:
    assert Masker().mask_text(text) is text


@pytest.mark.parametrize("text", [*(text for text, _ in HIDDEN), *SHOWN])
def test_a_stream_byte_by_byte_is_masked_as_the_whole(text: str) -> None:
    data = text.encode()
    stream = Masker().stream()
    pieces = [stream.feed(data[place : place + 1]) for place in range(len(data))]
    assert b"".join([*pieces, stream.end()]) == Masker().mask(data)


def test_the_table_hides_nothing_that_is_masked_already() -> None:
    for _, masked in HIDDEN:
        assert Masker().mask_text(masked) == masked


WORDS = st.sampled_from(
    [
        *(text for text, _ in HIDDEN), "password", "token", "--", "secret", "access-key", "=", ":",
        " ", '"', "'", "\\", '\\"', ",", "$X", "hunter2", "abc123def", "a", "\n", "\r\n", "@",
        "://", "user:", "sk-", "-", "Authorization", "Basic ", "\x1b[1m", "{", "}", ";", "é",
    ]
)  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=4), max_size=10).map("".join), st.data())
def test_a_stream_in_any_pieces_is_masked_as_the_whole(text: str, draw: st.DataObject) -> None:
    data = text.encode(errors="surrogatepass")
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    stream = Masker().stream()
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert b"".join([*map(stream.feed, pieces), stream.end()]) == Masker().mask(data)
