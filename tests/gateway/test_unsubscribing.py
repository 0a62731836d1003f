"""Where List-Unsubscribe leads, over upstream servers."""


def test_looking_stops_nothing_and_one_click_of_a_mail_program_does(client, services):
    page = client.get("/unsubscribe/right")
    assert "Messages about new reports" in page.text
    assert services.unwanted == set()
    answer = client.post("/unsubscribe/right", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "These messages are not sent to you any more." in answer.text
    assert services.unwanted == {"report-available"}


def test_a_message_can_be_had_again_from_the_page(client, services):
    client.post("/unsubscribe/right", data={"List-Unsubscribe": "One-Click"})
    assert "These messages are sent to you again." in client.post("/unsubscribe/right", data={"isWanted": "yes"}).text
    assert services.unwanted == set()


def test_an_address_that_we_did_not_make_stops_nothing(client):
    assert client.get("/unsubscribe/wrong").status_code == 404
    assert client.post("/unsubscribe/wrong").status_code == 404
