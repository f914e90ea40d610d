using System.CommandLine;
using System.Text.Json;
using Callwatch.Cli.Demo;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch demo</c>: made-up traffic for a running server.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var history = new Option<double>("--hours") { Description = "Hours of history to send first", HelpName = "HOURS", DefaultValueFactory = _ => new DemoPlan().History.TotalHours };
        var pace = new Option<double>("--pace") { Description = "1 makes about 30 calls per minute", HelpName = "FACTOR", DefaultValueFactory = _ => 1 };
        var seed = new Option<int>("--seed") { Description = "The same seed tells the same story", HelpName = "N", DefaultValueFactory = _ => 1 };
        var only = new Option<bool>("--history-only") { Description = "End after the history" };
        Within(history, 0, 72);
        Within(pace, 0.01, 100);
        var command = new Command("demo", "Send realistic traffic of seven made-up applications, until Ctrl+C. Needs a key that may name the app.") { history, pace, seed, only };
        ServerOptions.Act(command, async (parsed, link, cancel) =>
        {
            var plan = new DemoPlan
            {
                Seed = parsed.GetValue(seed),
                History = TimeSpan.FromHours(parsed.GetValue(history)),
                Pace = parsed.GetValue(pace),
                HistoryOnly = parsed.GetValue(only),
            };
            var refused = await new DemoRun(new DemoSender(link.Http, TimeProvider.System), TimeProvider.System, plan, line => Console.WriteLine(link.Json ? $"{{\"event\":\"{JsonEncodedText.Encode(line)}\"}}" : line)).RunAsync(cancel);
            if (refused is null) return CommandLine.Fine;
            await Console.Error.WriteLineAsync($"callwatch: the server refuses the demo ({refused}). Give a key that may send with --key or CALLWATCH_KEY.");
            return CommandLine.Failed;
        });
        return command;
    }

    private static void Within(Option<double> option, double least, double most) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count > 0 && (!double.TryParse(result.Tokens[0].Value, System.Globalization.CultureInfo.InvariantCulture, out var number) || number < least || number > most))
            result.AddError(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{option.Name} takes a number from {least} to {most}."));
    });
}
