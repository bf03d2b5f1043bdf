//! The messages of the gallery, one of each kind. Every control sends `gallery used` and its own name.

use botkube_plugin::{
    message::{Button, LabelInput, Message, MessageType, MultiSelect, Section, Select, Timestamp},
    prelude::{Error, Reply, Result},
};

const TABLE: &str = "\
NAME                     READY  STATUS            RESTARTS  AGE
web-7d4b9c6f5-2xkqp      1/1    Running           0         3d
web-7d4b9c6f5-9lmzt      0/1    CrashLoopBackOff  17        3d
database-0               1/1    Running           1         41d";

pub(super) fn text() -> Message {
    Message::text(
        "*Bold*, _italic_, ~struck~ and `code`, a [link](https://example.org/a?b=c&d=e) and :rocket:.\n\
         A second line, and a list:\n• one\n• two\n\n> A quotation.\n\n100 % of it, and %s stays %s.",
    )
}

pub(super) fn code() -> Message {
    Message::code(TABLE)
}

pub(super) fn both() -> Message {
    let mut message = Message::code(TABLE);
    message.base_body.plaintext = "Three pods, and *one* of them is not well:".into();
    message
}

pub(super) fn long() -> Message {
    Message::code(lines(500))
}

pub(super) fn wide() -> Message {
    let ruler: String = (1..=30).map(|tens| format!("{:·>10}", tens * 10)).collect();
    let word = "x".repeat(300);
    Message::code(format!("{ruler}\n{word}\n{TABLE}"))
}

pub(super) fn filter() -> Message {
    Message::code(lines(40)).with_filter()
}

pub(super) fn unicode() -> Message {
    let samples = "\
Wide        世界、こんにちは 한국어
Combined    e\u{301} ñ n\u{303} Z\u{351}\u{36b}\u{343}
Joined      👩\u{200d}👩\u{200d}👧\u{200d}👦 🏳\u{fe0f}\u{200d}🌈 🇩🇪 👍🏽
Symbols     → ≤ µ ∑ ✓ €
No blank    a\u{a0}b\u{200b}c";
    let both_ways = "Arabic مرحبا بالعالم 123, Hebrew שלום עולם (abc), and English again.";
    let section = Section::new().header("שלום · 世界 · 🌍").body_text(both_ways).body_code(samples);
    let button = Button::command("مرحبا 👋", "gallery used unicode 世界 \"שלום\"").text("Ünïcödé in a command");
    Message::new().section(section.button(button))
}

pub(super) fn hostile() -> Message {
    let markup = "<script>alert(1)</script><img src=x onerror=alert(1)> &lt; {{BotName}} ${x} <!-- <@U1> @channel -->";
    let escapes = "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7} bell\u{7} back\u{8} return\rX null\0 \u{9b}2J end";
    let backwards = "abc \u{202e}fed\u{202c} \u{2066}ghi\u{2069}";
    let section = Section::new()
        .header(format!("Header {markup}"))
        .description(format!("Description {markup}"))
        .body_text(format!("[click](javascript:alert(1)) {markup}"))
        .body_code(format!("``` {escapes}\n{backwards}"))
        .field(markup, escapes)
        .bullets(markup, [markup, escapes])
        .context(format!("{markup} {backwards}"))
        .button(Button::command(markup, "gallery used hostile button").text(markup))
        .button(Button::link("Script", "javascript:alert(1)"))
        .button(Button::link("Data", "data:text/html,<script>alert(1)</script>"))
        .select(Select::new(markup, "gallery used hostile select").group(markup, [(markup, "value")]))
        .input(LabelInput::new(markup, "gallery used hostile input ").placeholder(markup).on_enter());
    Message::new().section(section)
}

pub(super) fn section() -> Message {
    let section = Section::new()
        .header("Header")
        .description("Description")
        .body_text("Text of the *body*")
        .body_code("code of the body")
        .field("Field", "value")
        .bullets("List", ["first", "second"])
        .context("Context");
    let mut message = Message::text("Text of the *message*").section(section);
    message.base_body.code_block = "code of the message".into();
    message
}

pub(super) fn sections() -> Message {
    let section = |header: &str| Section::new().header(header).body_text("Some text.");
    Message::new()
        .section(section("First"))
        .section(section("Below a line"))
        .section(section("Without a line").without_divider())
        .section(Section::new().body_code("only code"))
}

pub(super) fn fields() -> Message {
    let section = Section::new()
        .header("Pod `web-1`")
        .field("Namespace", "default")
        .field("Node", "node-17.eu-central-1.compute.internal")
        .field("Phase", "*Running*")
        .field("", "a value without a key")
        .field("A key without a value", "");
    Message::new().section(section)
}

pub(super) fn bullets() -> Message {
    let section = Section::new()
        .bullets("Errors", ["image cannot be pulled", "back-off restarting a failed container"])
        .bullets("Warnings", [format!("a long one: {}", "no limits are set ".repeat(12))])
        .bullets("", ["a list without a title"]);
    Message::new().section(section)
}

pub(super) fn context() -> Message {
    Message::new().section(Section::new().body_text("Text").context("small print").context("more of it, *bold*"))
}

pub(super) fn time() -> Message {
    Message::text("It happened some time ago.")
        .at("2024-11-05T10:00:00.12+01:00".parse::<Timestamp>().unwrap_or_default())
}

pub(super) fn buttons() -> Message {
    let used = |name: &str| Button::command(name, format!("gallery used buttons {}", name.to_lowercase()));
    let row = Section::new()
        .header("In a row")
        .button(used("Plain"))
        .button(used("Primary").primary())
        .button(used("Danger").danger())
        .button(Button::link("Link", "https://example.org/"));
    let described = Section::new()
        .header("With a description")
        .button(used("Bold").bold("in bold"))
        .button(used("Italic").italic("in italics"))
        .button(used("Text").text("in plain text"))
        .button(used("Code").showing("gallery used buttons code"))
        .button(used("About").about("gallery used buttons about"))
        .button(Button::link("Page", "https://example.org/page").text("a page").primary());
    Message::new().section(row).section(described)
}

pub(super) fn selects() -> Message {
    let grouped = Select::new("Fruit", "gallery used selects fruit")
        .group("Sweet", [("Apple", "apple"), ("Pear", "pear")])
        .group("Sour", [("Lemon", "lemon"), ("Lime \"key\"", "lime key")]);
    let chosen = Select::new("Size", "gallery used selects size").group("", ["S", "M", "L"]).initial("M");
    let searched = Select::new("Pod", "gallery used selects pod")
        .external()
        .group("Pods", (1..=60).map(|n| format!("web-{n}")).collect::<Vec<_>>());
    let both = Section::new().header("Two in a block").select_id("gallery-block").select(grouped).select(chosen);
    Message::new().section(both).section(Section::new().header("Searched").select(searched))
}

pub(super) fn multi_select() -> Message {
    let select = MultiSelect::new("Sources", "gallery used multiselect")
        .description_text("What this channel is told")
        .options([("Errors", "k8s-errors"), ("All events", "k8s-all"), ("Audit", "audit")])
        .initial([("All events", "k8s-all")]);
    Message::new().section(Section::new().header("Many of them").multi_select(select))
}

pub(super) fn inputs() -> Message {
    let section = Section::new()
        .header("Inputs")
        .input(LabelInput::new("Say", "gallery used inputs enter ").placeholder("sent on Enter").on_enter())
        .input(LabelInput::new("Search", "gallery used inputs typing=").placeholder("sent while typing").on_character())
        .input(LabelInput::new("Note", "gallery used inputs never ").placeholder("sent with the button"))
        .button(Button::command("Send", "gallery used inputs button").primary());
    let below = LabelInput::new("Below everything", "gallery used inputs below --text=").on_enter();
    Message::new().section(section).input(below)
}

pub(super) fn many() -> Message {
    let options = || (1..=150).map(|n| (format!("Option {n}"), format!("option-{n}")));
    let label = "A label that is longer than any platform shows, since somebody wrote a whole sentence into it";
    let controls = (1..=30)
        .map(|n| Button::command(format!("Button {n}"), format!("gallery used many {n}")))
        .fold(Section::new().header("30 buttons, 150 options, 25 fields"), Section::button)
        .button(Button::command(label, format!("gallery used many {}", "long ".repeat(60))))
        .select(Select::new("One of 150", "gallery used many select").group("All", options()))
        .multi_select(MultiSelect::new("Some of 150", "gallery used many multiselect").options(options()));
    let controls = (1..=25).fold(controls, |section, n| section.field(format!("Field {n}"), n.to_string()));
    let text = |n: u32| Section::new().header(format!("Section {n}")).body_text("Text. ".repeat(40));
    (1..=60).map(text).fold(Message::new().section(controls), Message::section)
}

pub(super) fn event() -> Message {
    let section = Section::new()
        .header(":exclamation: v1/pods error")
        .field("Kind", "Pod")
        .field("Name", "web-1")
        .field("Namespace", "default")
        .bullets("Messages", ["Back-off restarting failed container"]);
    time().of_type(MessageType::NonInteractiveEventSingleSection).section(section)
}

pub(super) fn card() -> Message {
    let section = Section::new().button(Button::command("Yes", "gallery used card yes").primary());
    Message::text("Is this a card?")
        .of_type(MessageType::BasicCardWithButtonsInSeparateMessage)
        .section(section.button(Button::command("No", "gallery used card no")))
}

pub(super) fn form() -> Message {
    let section = Section::new()
        .header("A form")
        .description("Opens as a dialog when a control asks for it")
        .select(Select::new("Kind", "gallery used form kind").group("", ["pod", "service"]).initial("pod"))
        .input(LabelInput::new("Name", "gallery used form name ").placeholder("web"))
        .button(Button::command("Submit", "gallery used form submit").primary());
    Message::new().of_type(MessageType::Form).section(section)
}

pub(super) fn ephemeral() -> Message {
    let section = Section::new().button(Button::command("Use", "gallery used ephemeral"));
    Message::text("Only you see this.").section(section).only_visible_for_you()
}

pub(super) fn thread() -> Message {
    Message::text("This is in the thread of what you said.").of_type(MessageType::Thread)
}

pub(super) fn replace(rest: &str) -> Result<Reply> {
    let count: u64 = rest.parse().unwrap_or_default();
    let next = Button::command("Again", format!("gallery replace {}", count.saturating_add(1)));
    let form = Button::command("Form", "gallery form");
    let text = Message::text(format!("Replaced {count} times"));
    Ok(text.section(Section::new().button(next).button(form)).replace_original().into())
}

pub(super) fn user(handle: &str) -> Result<Reply> {
    match handle {
        "" => Err(Error::for_user("Which user? Try `gallery user U024BE7LH`.")),
        handle => Ok(Message::text("This is for you.").to_user(handle).into()),
    }
}

pub(super) fn parent(thread: &str) -> Result<Reply> {
    match thread {
        "" => Err(Error::for_user("Which thread? Try `gallery parent 1730800800.000100`.")),
        thread => Ok(Message::text("This is in the thread you named.").in_thread(thread).into()),
    }
}

pub(super) fn several(_: &str) -> Result<Reply> {
    Ok(Reply::message(Message::text("First of three")).more(code()).more(buttons()))
}

pub(super) fn huge(_: &str) -> Result<Reply> {
    let line = |n: usize| format!("{n:>5} {}\n", "lorem ipsum dolor sit amet ".repeat(2));
    Ok(Message::code((1..=5_000).map(line).collect::<String>()).into())
}

pub(super) fn error(_: &str) -> Result<Reply> {
    Err(Error::for_user("This went wrong, as asked for.\nA second line says what to do: nothing."))
}

fn lines(count: usize) -> String {
    let line = |n: usize| {
        format!("{n:>4}  2024-11-05T10:00:{:02}Z  {}\n", n % 60, ["GET /", "POST /login", "GET /health"][n % 3])
    };
    (1..=count).map(line).collect::<String>().trim_end().to_owned()
}
