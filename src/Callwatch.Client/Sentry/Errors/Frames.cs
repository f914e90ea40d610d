using System.Diagnostics;

namespace Callwatch.Client.Sentry.Errors;

/// <summary>One frame of a stack, by the names of the source: an async method by its own, a lambda by that of the method it stands in.</summary>
internal sealed record Frame(string Function, string? Module, string? Package, string? File, int Line, int Column, bool InApp);

/// <summary>Frames of exceptions and profiles.</summary>
internal sealed class Frames(IEnumerable<string> notInApp)
{
    private const int Most = 100;

    private static readonly string[] Hidden =
    [
        "System.Runtime.ExceptionServices.ExceptionDispatchInfo", "System.Runtime.CompilerServices.TaskAwaiter", "System.Runtime.CompilerServices.ValueTaskAwaiter",
        "System.Runtime.CompilerServices.ConfiguredTaskAwaitable", "System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable", "System.Runtime.CompilerServices.AsyncMethodBuilderCore",
    ];

    private readonly string[] foreign =
    [
        "System.", "Microsoft.", "MS.", "Interop", "Newtonsoft.Json", "FSharp.", "Serilog", "NLog", "Npgsql", "Dapper", "Polly", "OpenTelemetry", "OpenAI.", "Azure.", "Anthropic.", "Grpc.", "Google.Protobuf",
        "Quartz.", "Hangfire.", "StackExchange.", "MassTransit.", "Castle.", "Xunit.", "Callwatch.Client.Sentry.", .. notInApp,
    ];

    /// <summary>Caller first, throwing frame last; of very deep ones the ends.</summary>
    public IReadOnlyList<Frame> Of(Exception exception)
    {
        var frames = new List<Frame>();
        foreach (var frame in new StackTrace(exception, fNeedFileInfo: true).GetFrames())
            if (Of(frame) is { } told) frames.Add(told);
        // An endless recursion has the same frames over and over: both ends say why.
        if (frames.Count > Most) frames.RemoveRange(Most / 2, frames.Count - Most);
        frames.Reverse();
        return frames;
    }

    /// <param name="type">Full name of the declaring type, with <c>+</c> between nested ones.</param>
    public Frame Named(string type, string method, string? assembly = null)
    {
        var (module, function) = Plain(type, method);
        return new Frame(function, module.Length == 0 ? null : module, assembly, null, 0, 0, IsInApp(module));
    }

    public bool IsInApp(string module) => module.Length > 0 && module != "System" && !Array.Exists(foreign, name => module.StartsWith(name, StringComparison.Ordinal));

    private Frame? Of(StackFrame frame)
    {
        if (DiagnosticMethodInfo.Create(frame) is not { } method) return new Frame("<unknown>", null, null, null, 0, 0, false);
        var type = method.DeclaringTypeName ?? "";
        if (Array.Exists(Hidden, name => type.StartsWith(name, StringComparison.Ordinal))) return null;
        return Named(type, method.Name, method.DeclaringAssemblyName) with { File = frame.GetFileName(), Line = frame.GetFileLineNumber(), Column = frame.GetFileColumnNumber() };
    }

    // "Shop.Mailer+<SendAsync>d__4" and "MoveNext"; "Shop.Mailer+<>c__DisplayClass4_0" and "<SendAsync>b__0"; "Shop.Mailer" and "<SendAsync>g__Retry|4_0".
    private static (string Module, string Function) Plain(string type, string method)
    {
        var module = type;
        var function = method;
        var generated = module.IndexOf("+<", StringComparison.Ordinal);
        if (generated >= 0)
        {
            var inner = module[(generated + 1)..];
            module = module[..generated];
            if (method == "MoveNext" && Between(inner) is { Length: > 0 } real) function = real;
        }

        // A state machine of a local function or a lambda is named after both.
        if (function.Length > 0 && function[0] == '<' && Between(function) is { Length: > 0 } outer)
        {
            var rest = function[(outer.Length + 2)..];
            function = rest.StartsWith("g__", StringComparison.Ordinal) ? $"{outer} {{ {Until(rest[3..], '|')} }}" : rest.StartsWith("b__", StringComparison.Ordinal) ? outer + " { <lambda> }" : outer;
        }

        if (function == "<Main>$") function = "Main";
        return (module.Replace('+', '.'), function);
    }

    // "<SendAsync>d__4"; of "<<SendAsync>g__Retry|4_0>d" what stands within the outer signs.
    private static string Between(string name)
    {
        if (name.Length < 2 || name[0] != '<') return "";
        var depth = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '<') depth++;
            else if (name[i] == '>' && --depth == 0) return name[1..i];
        }

        return "";
    }

    private static string Until(string text, char end) => text.IndexOf(end, StringComparison.Ordinal) is >= 0 and var at ? text[..at] : text;
}
