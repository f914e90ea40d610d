using System.CommandLine;
using System.CommandLine.Parsing;

namespace Callwatch.Cli;

/// <summary>Runs one command line. Exit codes: 0 fine, 1 the check failed, 2 misuse.</summary>
internal static class CommandLine
{
    public const int Fine = 0;
    public const int Failed = 1;
    public const int Misuse = 2;

    public static async Task<int> RunAsync(RootCommand callwatch, string[] args)
    {
        var parsed = callwatch.Parse(args);
        if (parsed.Errors.Count > 0 && args.Length > 0)
        {
            foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync(error.Message);
            await Console.Error.WriteLineAsync($"See: {HelpFor(parsed)}");
            return Misuse;
        }

        if (MistypedOption(parsed, args) is { } mistyped)
        {
            await Console.Error.WriteLineAsync($"'{mistyped}' is no option of {parsed.CommandResult.Command.Name}.");
            await Console.Error.WriteLineAsync($"See: {HelpFor(parsed)}");
            return Misuse;
        }

        var code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        return args.Length == 0 ? Misuse : code;
    }

    // Where an argument is awaited, a mistyped option would be taken for it: a backup would be made in a folder named "--verfy". What
    // really begins so comes behind "--".
    private static string? MistypedOption(ParseResult parsed, string[] args) => args.Contains("--") ? null
        : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value)
            .FirstOrDefault(value => value.StartsWith("--", StringComparison.Ordinal));

    private static string HelpFor(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command; at = at.Parent) names.Push(command.Command is RootCommand ? "callwatch" : command.Command.Name);
        return string.Join(' ', names) + " --help";
    }
}
