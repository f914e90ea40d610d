using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Query;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace Callwatch.Dashboard.Lookup;

/// <summary>What the steps of a trace's way are called, and what to do where one stands still.</summary>
internal static class FoundWords
{
    public static string State(LookupStep step, Words words) => step switch
    {
        { Step: "delivered", State: "waiting", Reason: "blocked" } => words["blocked"],
        { Step: "delivered", State: "waiting", Reason: "paused" } => words["paused"],
        { Step: "delivered", State: "waiting" } => words["waiting"],
        { Step: "delivered", State: "refused" } => words["refused"],
        { Step: "delivered", State: "expired" } => words["not delivered"],
        { Step: "delivered", State: "left_out" } => words["left out"],
        { State: "waiting", Step: "stored" } => words["not stored yet"],
        { State: "waiting", Step: "settled" } => words["not settled yet"],
        { Step: "received" } => words["received"],
        { Step: "stored" } => words["stored"],
        { Step: "settled" } => words["settled"],
        _ => words["delivered"],
    };

    /// <param name="showsPlatform">Whether the platform's own words may be seen.</param>
    public static string Advice(LookupStep step, Words words, bool showsPlatform) => step switch
    {
        { Step: "received" } => words["It is on disk; the sender was told so after that."],
        { Step: "stored", State: "done" } => words["Lists, figures and its page have it."],
        { Step: "stored" } => words["The store has not come to it, which takes a second at most. If it stays so, look at the readers on System."],
        { Step: "settled", State: "done" } => words["It was whole, and lanes could take it."],
        { Step: "settled" } => words["More spans of it may come. It settles 2 s after its root has ended, or when nothing has come for a minute."],
        { State: "done" } => words["The platform has taken all that has settled of it."],
        { State: "refused" } => (showsPlatform && step.Reason is { } reason ? Visible.Line(reason, 300) + " " : "") + words["See its dead letters: mend what the platform names, then send them again."],
        { State: "expired", Reason: "journal_gone" } => words["The journal no longer had it when the lane came to it. Keep the journal longer, or see why the lane was behind."],
        { State: "expired" } => words["It was too old when the lane came to it. See why the lane was behind; a replay sends the range again."],
        { State: "left_out" } => words["The filter or the sample of the destination leaves it out, or it is older than the destination."],
        { Reason: "not_settled" } => words["It goes out once it has settled."],
        { Reason: "blocked" } => words["The platform refuses us: mend the key or the project on its page, and it goes on by itself."],
        { Reason: "retrying" } => words["The platform does not take it at the moment; it is tried again by itself, at least once a minute."],
        { Reason: "paused" } => words["Somebody has paused the lane, or switched it off. Resume it on its page."],
        _ => words["It waits for its turn; others are before it."],
    };

    public static RenderFragment Mark(LookupStep step) => build =>
    {
        build.OpenElement(0, "svg");
        build.AddAttribute(1, "class", "st-i");
        build.AddAttribute(2, "viewBox", "0 0 10 10");
        build.AddAttribute(3, "aria-hidden", "true");
        switch (step)
        {
            case { State: "refused" or "expired" } or { Reason: "blocked" }: Path(build, "f-bad", "M0 0h10v10H0z"); break;
            case { Reason: "retrying" }: Path(build, "f-warn", "M5 0 10 9.5H0z"); break;
            case { Reason: "paused" }: Path(build, "f-ink", "M1 0h3v10H1zM6 0h3v10H6z"); break;
            case { State: "left_out" }: Path(build, "f-off", "M1 5h8"); break;
            default:
                build.OpenElement(6, "circle");
                build.AddAttribute(7, "class", step.State == "done" ? "f-run" : "f-off");
                build.AddAttribute(8, "cx", "5");
                build.AddAttribute(9, "cy", "5");
                build.AddAttribute(10, "r", step.State == "done" ? "4" : "3.5");
                build.CloseElement();
                break;
        }

        build.CloseElement();
    };

    private static void Path(RenderTreeBuilder build, string css, string path)
    {
        build.OpenElement(4, "path");
        build.AddAttribute(5, "class", css);
        build.AddAttribute(6, "d", path);
        build.CloseElement();
    }
}
