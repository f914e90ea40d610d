using System.CommandLine;
using System.Globalization;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Costs;

/// <summary><c>callwatch costs month</c>: the month so far, and what it will come to.</summary>
internal static class MonthCommand
{
    public static Command Create()
    {
        var zone = new Option<string?>("--tz") { Description = "IANA time zone in which days and months begin. Default UTC", HelpName = "ZONE" };
        var command = new Command("month", "Show what the month cost so far, against the month before, and a forecast.");
        var selection = new SelectionOptions(command, withRange: false);
        command.Options.Add(zone);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var query = selection.Read(parsed, TimeProvider.System) with { TimeZone = parsed.GetValue(zone) };
            return link.ShowAsync(query.On("api/v1/costs/month"), ApiJson.Default.ApiMonthCost, Show, cancel, query.Filter);
        });
        return command;
    }

    private static int Show(ApiMonthCost month)
    {
        Screen.Line(string.Create(CultureInfo.InvariantCulture, $"{month.Month}, day {month.Day} of {month.Days} ({Plain.Text(month.Tz)})"));
        var table = new Table("", ">");
        table.Row("so far", Plain.Money(month.SpentUsd));
        table.Row("the month before, up to the same moment", Plain.Money(month.BeforeUsd));
        table.Row("expected in all", Plain.Money(month.Forecast?.Usd));
        table.Print();
        Screen.Line(month.Forecast is { } forecast
            ? $"In four of five cases between {Plain.Money(forecast.LowUsd)} and {Plain.Money(forecast.HighUsd)}, from {Plain.Number(forecast.DaysKnown)} whole days."
            : "A forecast needs three whole days with costs.");
        if (month.UnpricedCalls > 0) Screen.Line($"{Plain.Number(month.UnpricedCalls)} calls have no price and are in no sum.");
        return CommandLine.Fine;
    }
}
