using System.Diagnostics;
using System.Globalization;

namespace Callwatch.Client.Sentry.Traces;

/// <summary>An activity in Sentry's words: what it is for, how it ended, what it is called.</summary>
internal static class SpanWords
{
    private const string GenAi = "gen_ai.";

    public static string Op(Activity span)
    {
        if (Text(span, "gen_ai.operation.name") is { } operation && GenAiOp(span, operation) is { } model) return model;
        if (span.GetTagItem("db.system.name") is not null || span.GetTagItem("db.system") is not null) return "db.query";
        if (span.GetTagItem("messaging.system") is not null || span.Kind is ActivityKind.Producer or ActivityKind.Consumer) return span.Kind == ActivityKind.Producer ? "queue.publish" : "queue.process";
        if (span.OperationName == "Microsoft.AspNetCore.Hosting.HttpRequestIn" || (span.Kind == ActivityKind.Server && IsHttp(span))) return "http.server";
        if (span.Source.Name == "System.Net.Http" || (span.Kind == ActivityKind.Client && IsHttp(span))) return "http.client";
        return span.Kind == ActivityKind.Server ? "rpc.server" : span.Parent is null ? "task" : "function";
    }

    /// <summary>The second part of a <c>gen_ai</c> op; null of any other.</summary>
    public static string? OperationOf(string op) => op.StartsWith(GenAi, StringComparison.Ordinal) ? op[GenAi.Length..] : null;

    public static string Describe(Activity span, string op) => op switch
    {
        "http.client" => (Text(span, "http.request.method") ?? "HTTP") + " " + (Text(span, "url.full") is { } url ? Errors.Scrub.Address(url) : Text(span, "server.address") ?? span.DisplayName),
        "db.query" => (Text(span, "db.query.text") ?? Text(span, "db.statement")) is { } sql ? Statement(sql) : span.DisplayName,
        _ when OperationOf(op) is { } operation => operation switch
        {
            "execute_tool" => "execute_tool " + (Text(span, "gen_ai.tool.name") ?? span.DisplayName),
            "invoke_agent" => "invoke_agent " + (Text(span, "gen_ai.agent.name") ?? span.DisplayName),
            _ => operation + " " + Text(span, "gen_ai.request.model"),
        },
        _ => span.DisplayName,
    };

    /// <param name="httpStatus">Where the span does not say it.</param>
    public static string Status(Activity span, int httpStatus = 0)
    {
        if (Number(span, "http.response.status_code") is { } said) httpStatus = said;
        if (httpStatus >= 400) return OfHttp(httpStatus);
        if (span.Status != ActivityStatusCode.Error) return "ok";
        return Text(span, "error.type") is { } type && (type.EndsWith("CanceledException", StringComparison.Ordinal) || type == "cancelled") ? "cancelled"
            : Text(span, "error.type") is { } slow && (slow.EndsWith("TimeoutException", StringComparison.Ordinal) || slow == "timeout") ? "deadline_exceeded" : "internal_error";
    }

    /// <summary>A statement without the values that stand in it.</summary>
    public static string Statement(string sql)
    {
        var plain = new System.Text.StringBuilder(Math.Min(sql.Length, 2_000));
        for (var i = 0; i < sql.Length && plain.Length < 1_900; i++)
        {
            var letter = sql[i];
            if (letter == '\'')
            {
                i = EndOfText(sql, i);
                plain.Append('?');
            }
            else if (char.IsAsciiDigit(letter) && (i == 0 || !(char.IsAsciiLetterOrDigit(sql[i - 1]) || sql[i - 1] is '_' or '$' or '@' or ':' or '"')))
            {
                while (i + 1 < sql.Length && (char.IsAsciiDigit(sql[i + 1]) || sql[i + 1] == '.')) i++;
                plain.Append('?');
            }
            else
            {
                plain.Append(letter);
            }
        }

        return plain.ToString();
    }

    public static string? Text(Activity span, string name) => span.GetTagItem(name) is string { Length: > 0 } text ? text : null;

    // Two quotes within a text are one of its letters.
    private static int EndOfText(string sql, int begin)
    {
        for (var i = begin + 1; i < sql.Length; i++)
        {
            if (sql[i] != '\'') continue;
            if (i + 1 == sql.Length || sql[i + 1] != '\'') return i;
            i++;
        }

        return sql.Length - 1;
    }

    private static string? GenAiOp(Activity span, string operation)
    {
        var known = operation switch
        {
            "chat" => "chat",
            "embeddings" => "embeddings",
            "rerank" => "rerank",
            "text_completion" or "generate_content" or "image" or "speech" or "transcription" => "generate_content",
            "execute_tool" => "execute_tool",
            "invoke_agent" or "create_agent" => "invoke_agent",
            _ => null,
        };

        // Sentry wants to know which model.
        return known is null || (known is not ("execute_tool" or "invoke_agent") && Text(span, "gen_ai.request.model") is null) ? null : GenAi + known;
    }

    private static bool IsHttp(Activity span) => span.GetTagItem("http.request.method") is not null || span.GetTagItem("http.method") is not null;

    private static int? Number(Activity span, string name) => span.GetTagItem(name) switch
    {
        int number => number,
        long number and >= 0 and < 1_000 => (int)number,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private static string OfHttp(int status) => status switch
    {
        401 => "unauthenticated",
        403 => "permission_denied",
        404 => "not_found",
        409 => "already_exists",
        429 => "resource_exhausted",
        499 => "cancelled",
        501 => "unimplemented",
        503 => "unavailable",
        504 => "deadline_exceeded",
        < 500 => "invalid_argument",
        _ => "internal_error",
    };
}
