"""In Chromium: a page in German, another language while a class is being built, and two people with two languages."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import open_page

pytestmark = pytest.mark.browser
WAIT = 60_000  # ms, on a busy machine


def at_rest(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def speak(page: Page, language: str) -> None:
    """Chooses a language in the selector at the top of the page."""
    page.locator(".st-key-language-switch button").first.click()
    page.locator(f".st-key-language-{language} button").click()
    expect(page.locator(".st-key-language-switch button").first).to_contain_text(language.upper(), timeout=WAIT)
    at_rest(page)


def test_another_language_keeps_the_class_that_is_being_built(address, browser):
    page, problems = open_page(browser, f"{address}/build?lang=de")
    expect(page.locator(".cyn-head h1")).to_have_text("Eine Klasse bauen", timeout=WAIT)
    expect(page.get_by_role("link", name="Studien").first).to_be_visible(timeout=WAIT)
    page.get_by_placeholder("Name deiner Klasse").fill("Rubinschnabel")
    page.get_by_placeholder("Name deiner Klasse").press("Enter")
    page.get_by_label("Crown color: nur red").check()
    page.get_by_text("Vom Rechenkern bestätigt.").wait_for(state="attached")
    at_rest(page)
    start = page.get_by_label("Beginnen mit", exact=True)
    expect(start).to_have_value("Der Durchschnitt aller gesehenen Klassen", timeout=WAIT)
    speak(page, "es")
    expect(page.get_by_label("Empezar desde", exact=True)).to_have_value(
        "La media de todas las clases vistas", timeout=WAIT
    )
    expect(page.locator(".cyn-head h1")).to_have_text("Crear una clase", timeout=WAIT)
    expect(page).to_have_url(re.compile("lang=es"), timeout=WAIT)
    expect(page.get_by_placeholder("Nombre de tu clase")).to_have_value("Rubinschnabel", timeout=WAIT)
    expect(page.get_by_label("Crown color: solo red")).to_be_checked(timeout=WAIT)
    page.get_by_role("button", name="Transferir pesos").click()
    page.locator(".cynb-name", has_text="Rubinschnabel").wait_for()
    at_rest(page)
    page.reload()  # another session: the address has the language, the browser the class
    page.locator(".cynb-name", has_text="Rubinschnabel").wait_for()
    expect(page.locator(".cyn-head h1")).to_have_text("Crear una clase", timeout=WAIT)
    page.get_by_role("link", name="Medir").first.click()
    expect(page.locator(".cyn-head h1")).to_have_text("Medir", timeout=WAIT)
    expect(page).to_have_url(re.compile("measure.*lang=es"), timeout=WAIT)
    assert problems == []
    page.context.close()


AFTER = "(element) => [getComputedStyle(element, '::after').content, getComputedStyle(element).fontSize]"


def test_streamlit_s_own_words_are_not_left_in_english(address, browser):
    for language, upload, wait in (("de", '"Hochladen"', '"Enter übernimmt"'), ("en", "none", "none")):
        page, problems = open_page(browser, f"{address}/build?lang={language}")
        page.locator(".editor").wait_for()
        at_rest(page)
        button = page.locator("[data-testid=stFileUploaderDropzone] button p").first
        content, size = button.evaluate(AFTER)
        assert content == upload
        assert (size == "0px") == (language == "de")
        page.locator(".st-key-transfer-bar input").fill("Ruby")
        assert page.locator("[data-testid=InputInstructions] span").first.evaluate(AFTER)[0] == wait
        assert problems == []
        page.context.close()


def test_two_people_have_two_languages_and_a_browser_is_asked_for_its_own(address, browser):
    pages = {}
    german, english, spanish = "Neuronen-Wörterbuch", "Neuron dictionary", "Diccionario de neuronas"
    for locale, title in (("de-DE", german), ("en-US", english), ("es-MX", spanish), ("fr-FR", english)):
        page = browser.new_context(locale=locale).new_page()
        page.goto(f"{address}/dictionary")
        expect(page.locator(".cyn-head h1")).to_have_text(title, timeout=WAIT)
        at_rest(page)
        pages[locale] = (page, title)
    for page, title in pages.values():  # once all have been there, each still reads its own
        page.get_by_role("searchbox").or_(page.get_by_role("textbox")).first.fill("red")
        at_rest(page)
        expect(page.locator(".cyn-head h1")).to_have_text(title, timeout=WAIT)
        assert "lang=" not in page.url  # nobody chose one
        page.context.close()


def test_the_browser_remembers_a_language_and_an_address_wins(address, browser):
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    title = page.locator(".cyn-head h1")
    page.goto(f"{address}/dictionary")
    expect(title).to_have_text("Neuron dictionary", timeout=WAIT)
    at_rest(page)
    speak(page, "de")
    expect(title).to_have_text("Neuronen-Wörterbuch", timeout=WAIT)
    page.wait_for_function("() => document.cookie.includes('niwt_language=de')")

    second = context.new_page()  # another tab, and F5 of it: nothing in their address says it
    shown: list[str] = []
    second.expose_function("heading", lambda text: shown.append(text))
    second.add_init_script(
        "new MutationObserver(() => { const h = document.querySelector('h1')?.textContent; if (h) heading(h); })"
        ".observe(document, {subtree: true, childList: true})"
    )
    second.goto(f"{address}/measure")
    second_title = second.locator(".cyn-head h1")
    expect(second_title).to_have_text("Messen", timeout=WAIT)
    at_rest(second)
    assert "lang=" not in second.url
    assert "Measure" not in shown  # from its first word on
    second.reload()
    expect(second_title).to_have_text("Messen", timeout=WAIT)

    second.goto(f"{address}/measure?lang=es")
    expect(second_title).to_have_text("Medir", timeout=WAIT)
    second.wait_for_function("() => document.cookie.includes('niwt_language=es')")
    page.goto(f"{address}/dictionary")
    expect(title).to_have_text("Diccionario de neuronas", timeout=WAIT)
    other = browser.new_context(locale="en-US").new_page()  # another person
    other.goto(f"{address}/dictionary")
    expect(other.locator(".cyn-head h1")).to_have_text("Neuron dictionary", timeout=WAIT)
    other.context.close()
    context.close()
