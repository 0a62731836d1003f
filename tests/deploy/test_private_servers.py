"""The servers that the launcher and the tests start for themselves."""

import smtplib
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from signal import SIGKILL, SIGTERM

import pytest
import sqlalchemy

from deploy.local import rabbitmq, servers
from deploy.local.servers import ServerFailed, ToolMissing, free_ports, kept_ports, start, stop, wait_until
from deploy.local.smtp import SmtpServer
from tests.servers import a_broker


def a_mail(subject="Invented"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "portal@example.org", "ana@example.org", subject
    mail.set_content("Words.")
    return mail


def send(server: SmtpServer, mail: EmailMessage) -> None:
    with smtplib.SMTP(server.host, server.port, timeout=5) as client:
        client.send_message(mail)


def test_ports_are_kept_while_they_are_free(tmp_path):
    path = tmp_path / "ports.json"
    first = kept_ports(path, ["amqp", "epmd"])
    assert kept_ports(path, ["amqp", "epmd"]) == first
    with socket.create_server((servers.ADDRESS, first["amqp"])):
        second = kept_ports(path, ["amqp", "epmd"])
    assert second["amqp"] != first["amqp"]
    assert second["epmd"] == first["epmd"]


def test_every_port_is_another_one():
    assert len(set(free_ports(map(str, range(50))).values())) == 50


def test_a_server_that_dies_at_start_is_told_with_its_last_words(tmp_path):
    log = tmp_path / "log"
    process = start([sys.executable, "-c", "raise SystemExit('no such disk')"], SIGTERM, log)
    with pytest.raises(ServerFailed, match="no such disk"):
        wait_until(lambda: False, process, log, 10)


def test_a_server_that_ignores_sigterm_is_ended_all_the_same(tmp_path):
    log = tmp_path / "log"
    script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    process = start([sys.executable, "-c", script], SIGKILL, log)
    wait_until(lambda: "up" in log.read_text(), process, log, 10)
    stop(process, SIGTERM, within_s=0.2)
    assert process.returncode == -SIGKILL


def test_a_server_dies_with_the_thread_that_started_it(tmp_path):
    log = tmp_path / "log"

    def start_and_end():
        script = "import signal; print('up', flush=True); signal.pause()"
        process = start([sys.executable, "-c", script], SIGKILL, log)
        wait_until(lambda: "up" in log.read_text(), process, log, 10)
        return process

    with ThreadPoolExecutor(1) as pool:
        process = pool.submit(start_and_end).result()
    assert process.wait(10) == -SIGKILL


def test_a_missing_program_is_named_with_its_package(tmp_path, monkeypatch):
    monkeypatch.setattr(rabbitmq, "SCRIPT", tmp_path / "rabbitmq-server")
    with pytest.raises(ToolMissing, match="apt-get install rabbitmq-server"):
        a_broker(tmp_path / "node").node.start()


def test_a_fresh_database_is_empty_on_both_kinds(database_url):
    engine = sqlalchemy.create_engine(database_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE visits (id TEXT)"))
        connection.execute(sqlalchemy.text("INSERT INTO visits VALUES ('v-1')"))
    engine.dispose()


def test_a_module_has_a_database_of_its_own(postgres_url, postgres):
    assert postgres_url.startswith("postgresql+psycopg://")
    assert postgres_url != postgres.url("postgres")


def test_an_object_that_was_put_is_read_back(s3, s3_bucket):
    client = s3.client()
    client.put_object(Bucket=s3_bucket.name, Key="packages/p-1.zip", Body=b"PK")
    assert client.get_object(Bucket=s3_bucket.name, Key="packages/p-1.zip")["Body"].read() == b"PK"


def test_a_mail_arrives_with_its_envelope(smtp):
    send(smtp, a_mail())
    (mail,) = smtp.wait_for(1)
    assert mail.recipients == ("ana@example.org",)
    assert mail.message["Subject"] == "Invented"


def test_a_refused_mail_is_not_kept(smtp):
    smtp.fail_next()
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(smtp, a_mail("first"))
    assert refused.value.smtp_code == 451
    send(smtp, a_mail("second"))
    assert [mail.message["Subject"] for mail in smtp.mails] == ["second"]


def test_a_mail_server_comes_back_on_its_port():
    with SmtpServer() as server:
        port = server.port
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            send(server, a_mail())
        server.start()
        assert server.port == port
        send(server, a_mail())
        assert len(server.wait_for(1)) == 1
