using Callwatch.Dashboard.Show;
using Microsoft.AspNetCore.Components;

namespace Callwatch.Dashboard.SpanView;

/// <summary>Colours JSON that may be cut anywhere: by looking at its characters, not by reading it.</summary>
public static class JsonText
{
    public static RenderFragment Colored(string json) => build =>
    {
        foreach (var (kind, text) in Pieces(json))
        {
            if (kind is null)
            {
                build.AddContent(0, Visible.Text(text));
                continue;
            }

            build.OpenElement(1, "span");
            build.AddAttribute(2, "class", kind);
            build.AddContent(3, Visible.Text(text));
            build.CloseElement();
        }
    };

    /// <summary>Names (<c>j-k</c>), strings (<c>j-s</c>), other values (<c>j-n</c>) and what stands between them (null).</summary>
    public static IEnumerable<(string? Kind, string Text)> Pieces(string json)
    {
        var at = 0;
        while (at < json.Length)
        {
            var start = at;
            if (json[at] == '"')
            {
                at = EndOfString(json, at);
                var next = at;
                while (next < json.Length && json[next] == ' ') next++;
                yield return (next < json.Length && json[next] == ':' ? "j-k" : "j-s", json[start..at]);
            }
            else if (char.IsAsciiLetterOrDigit(json[at]) || json[at] == '-')
            {
                while (at < json.Length && (char.IsAsciiLetterOrDigit(json[at]) || json[at] is '-' or '+' or '.')) at++;
                yield return ("j-n", json[start..at]);
            }
            else
            {
                while (at < json.Length && json[at] != '"' && !char.IsAsciiLetterOrDigit(json[at]) && json[at] != '-') at++;
                yield return (null, json[start..at]);
            }
        }
    }

    private static int EndOfString(string json, int at)
    {
        for (at++; at < json.Length; at++)
        {
            if (json[at] == '\\') at++;
            else if (json[at] == '"') return at + 1;
        }

        return json.Length;
    }
}
