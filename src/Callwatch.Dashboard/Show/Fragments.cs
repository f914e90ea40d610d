using Callwatch.Spans;
using Microsoft.AspNetCore.Components;

namespace Callwatch.Dashboard.Show;

/// <summary>Small pieces of markup that stand in thousands of cells: built directly, without a component each.</summary>
public static class Fragments
{
    /// <summary>A number with its unit quieter.</summary>
    public static RenderFragment Figure(Figure figure) => build =>
    {
        if (figure.IsUnknown)
        {
            build.AddContent(0, Quiet(figure.Number));
            return;
        }

        if (figure.Prefix is not null) build.AddContent(1, figure.Prefix);
        build.AddContent(2, figure.Number);
        if (figure.Unit is null) return;
        build.OpenElement(3, "span");
        build.AddAttribute(4, "class", "u");
        build.AddContent(5, " " + figure.Unit);
        build.CloseElement();
    };

    /// <summary>A moment in short, in full for who hovers.</summary>
    public static RenderFragment Moment(Timestamp time, string shown, TimeZoneInfo? zone = null) => build =>
    {
        build.OpenElement(0, "time");
        build.AddAttribute(1, "datetime", time.ToString());
        build.AddAttribute(2, "title", Clock.Full(time, zone));
        build.AddContent(3, shown);
        build.CloseElement();
    };

    /// <summary>Somebody else's text on one line, apart from what stands around it whichever way it runs.</summary>
    public static RenderFragment Foreign(string? text, int length = 120) => build =>
    {
        if (string.IsNullOrEmpty(text))
        {
            build.AddContent(0, Quiet("–"));
            return;
        }

        build.OpenElement(1, "bdi");
        if (text.Length > length) build.AddAttribute(2, "title", Visible.Line(text, 600));
        build.AddContent(3, Visible.Line(text, length));
        build.CloseElement();
    };

    public static RenderFragment Quiet(string text) => build =>
    {
        build.OpenElement(0, "span");
        build.AddAttribute(1, "class", "quiet");
        build.AddContent(2, text);
        build.CloseElement();
    };
}
