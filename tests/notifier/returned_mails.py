"""Messages as mail servers send them back: Postfix, Exchange, Gmail and others, in the shapes they have on the wire."""

TO, AT = "anna@example.org", "Mon, 2 Mar 2026 12:00:05 +0000"


def wired(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def from_postfix(returns_to, status="5.1.1", action="failed", said=None):
    """Postfix's bounce(8): three parts, the letter's headers in the third."""
    said = said or f"550 {status} <{TO}>: Recipient address rejected: User unknown"
    return wired(f"""Return-Path: <>
Delivered-To: {returns_to}
Received: by mx.example.org (Postfix) id 4B2F01A0C3; {AT}
Date: {AT}
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {returns_to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="9E1C21A0C1.1772452805/mx.example.org"
Message-Id: <20260302120005.4B2F01A0C3@mx.example.org>

This is a MIME-encapsulated message.

--9E1C21A0C1.1772452805/mx.example.org
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.org.

<{TO}>: host mail.example.org[192.0.2.25] said: {said}

--9E1C21A0C1.1772452805/mx.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
X-Postfix-Queue-ID: 9E1C21A0C1
X-Postfix-Sender: rfc822; {returns_to}
Arrival-Date: {AT}

Final-Recipient: rfc822; {TO}
Original-Recipient: rfc822;{TO}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; {said}

--9E1C21A0C1.1772452805/mx.example.org
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <{returns_to}>
Message-ID: <d41d8cd98f00b204e9800998ecf8427e@portal.example>
Subject: A report is in the Patient Portal

--9E1C21A0C1.1772452805/mx.example.org--
""")


def from_exchange(returns_to, status="5.1.10"):
    """Exchange Online: a report part with more fields than the standard has, and the whole letter."""
    return wired(f"""Received: from NAM12.prod.outlook.example (2603:10b6::1) by X.prod.outlook.example; {AT}
MIME-Version: 1.0
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.org>
To: <{returns_to.upper()}>
Date: {AT}
Content-Type: multipart/report; report-type=delivery-status;
	boundary="36d19cf5-3a8b-4d6c-8b1f-2c6a0c1f2f11"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-US
Message-ID: <5b0c@X.prod.outlook.example>
Subject: Undeliverable: A report is in the Patient Portal
Auto-Submitted: auto-replied

--36d19cf5-3a8b-4d6c-8b1f-2c6a0c1f2f11
Content-Type: multipart/alternative; differences=Content-Type;
	boundary="e9a0f9c5-0d3c-4d2a-8b57-0a6f6e5d5b62"

--e9a0f9c5-0d3c-4d2a-8b57-0a6f6e5d5b62
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Delivery has failed to these recipients or groups:
{TO}

--e9a0f9c5-0d3c-4d2a-8b57-0a6f6e5d5b62
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body>Delivery has failed</body></html>

--e9a0f9c5-0d3c-4d2a-8b57-0a6f6e5d5b62--

--36d19cf5-3a8b-4d6c-8b1f-2c6a0c1f2f11
Content-Type: message/delivery-status

Reporting-MTA: dns;X.prod.outlook.example
Received-From-MTA: dns;portal.example
Arrival-Date: {AT}

Final-Recipient: rfc822;{TO}
Action: failed
Status: {status}
Diagnostic-Code: smtp;550 {status} RESOLVER.ADR.RecipientNotFound; Recipient {TO} not found by SMTP address lookup
X-Display-Name: Anna

--36d19cf5-3a8b-4d6c-8b1f-2c6a0c1f2f11
Content-Type: message/rfc822

From: RadNet Patient Portal <no-reply@portal.example>
To: {TO}
Subject: A report is in the Patient Portal
Content-Type: text/plain

Log in to read it.

--36d19cf5-3a8b-4d6c-8b1f-2c6a0c1f2f11--
""")


def from_gmail(returns_to):
    """Gmail: pictures beside the words, the receiving server's answer over several lines."""
    return wired(f"""Delivered-To: {returns_to}
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: {returns_to}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
X-Failed-Recipients: {TO}
Message-ID: <69a57d05.050a0220.1.0001.GMR@mx.google.com>
Date: {AT}
Content-Type: multipart/report; boundary="000000000000a1b2c3064c0f0001"; report-type=delivery-status

--000000000000a1b2c3064c0f0001
Content-Type: multipart/related; boundary="000000000000a1b2d0064c0f0002"

--000000000000a1b2d0064c0f0002
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to {TO}.

--000000000000a1b2d0064c0f0002
Content-Type: image/png; name="icon.png"
Content-Transfer-Encoding: base64
Content-ID: <icon.png>

iVBORw0KGgo=
--000000000000a1b2d0064c0f0002--
--000000000000a1b2c3064c0f0001
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; no-reply@portal.example
Arrival-Date: {AT}
X-Original-Message-ID: <d41d8cd98f00b204e9800998ecf8427e@portal.example>

Final-Recipient: rfc822; {TO}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.org. (192.0.2.25, the server for the domain example.org.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please
 550-5.1.1 try double-checking the recipient's email address for typos or
 550 5.1.1 unnecessary spaces. - gsmtp
Last-Attempt-Date: {AT}

--000000000000a1b2c3064c0f0001
Content-Type: message/rfc822

Subject: A report is in the Patient Portal

--000000000000a1b2c3064c0f0001--
""")


def in_utf_8(returns_to):
    """A report in UTF-8 (RFC 6533), encoded on the way."""
    return wired(f"""To: {returns_to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=xx

--xx
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: quoted-printable

Reporting-MTA: dns; correo.example

Final-Recipient: utf-8; a=C3=B1a@example.org
Action: failed
Status: 5.1.1 (no hay tal buz=C3=B3n)

--xx--
""")


def in_short(returns_to, *blocks):
    """A report of *blocks* alone."""
    report = "\n\n".join(("Reporting-MTA: dns; mx.example.org", *blocks))
    return wired(
        f"To: {returns_to}\nContent-Type: multipart/report; report-type=delivery-status; boundary=xx\n\n"
        f"--xx\nContent-Type: message/delivery-status\n\n{report}\n\n--xx--\n"
    )


def an_absence(returns_to):
    """A notice of absence, which comes back to the envelope's sender too (RFC 3834)."""
    return wired(
        f"From: {TO}\nTo: {returns_to}\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nBack on Monday. 5.1.1\n"
    )
