using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

/// <summary><c>callwatch costs</c> and what is beneath it, against a server that holds two priced calls and a failed one.</summary>
public sealed class CostsCommandTests(AskingTests.Shop shop) : IClassFixture<AskingTests.Shop>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // 57 tokens in and 23 out of gpt-4o-mini cost 0.00002235 dollars.
    private const decimal OneCall = 0.00002235m;

    [Theory]
    [InlineData("", "model", "gpt-4o-mini", "total", "$0.0000")]
    [InlineData("--by app --by model", "app", "model", "shop", "total")]
    [InlineData("--per day --by app", "Day", "app", "shop")]
    [InlineData("--per week --tz Asia/Shanghai", "Week", "gpt-4o-mini")]
    [InlineData("--per month model:gpt-4o-mini", "Month", "gpt-4o-mini")]
    [InlineData("app:nobody", "No calls in this range.")]
    public async Task Costs_are_shown_by_period_and_by_what_one_likes(string options, params string[] says)
    {
        var (code, output, error) = await RunAsync([.. $"costs --last 2h {options}".Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal((0, ""), (code, error));
        foreach (var text in says) Assert.Contains(text, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_lines_of_a_period_add_up_to_the_total()
    {
        var (code, output, _) = await RunAsync("costs", "--last", "2h", "--app", "shop", "--json");
        Assert.Equal(0, code);
        var groups = JsonNode.Parse(output)!["groups"]!.AsArray();
        Assert.Equal(2 * OneCall, groups.Sum(group => (decimal)group!["total"]!["cost_usd"]!));
        Assert.Equal(2 * OneCall, groups.Sum(group => group!["points"]!.AsArray().Sum(point => (decimal)point!["cost_usd"]!)));
    }

    [Theory]
    [InlineData("costs month --tz Europe/Berlin", "day ", "so far", "forecast")]
    [InlineData("costs what-if --model openai/gpt-4o --last 2h app:shop", "calls cost $0.000045", "gpt-4o")]
    [InlineData("costs lost-caching --last 2h", "0 of 0 turns")]
    [InlineData("costs coverage --last 2h env:prod", "No HTTP request to a model was seen")]
    [InlineData("costs reconcile", "Nothing has been imported")]
    [InlineData("compare --last 1h --tz Asia/Tokyo", "too few calls")]
    public async Task Whatever_else_one_pays_for_has_a_command(string command, params string[] says)
    {
        var (code, output, error) = await RunAsync(command.Split(' '));
        Assert.Equal((0, ""), (code, error));
        foreach (var text in says) Assert.Contains(text, output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_ledger_is_a_file_for_the_books_that_is_not_written_over()
    {
        using var folder = new TempFolder();
        var file = folder.At("books.csv");
        var (code, _, _) = await RunAsync("costs", "ledger", "--last", "2h", "--app", "shop", "-o", file);
        Assert.Equal(0, code);
        var lines = (await File.ReadAllTextAsync(file, Cancel)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("day,app,provider,model,class,tokens,usd,calls", lines[0]);
        Assert.Equal(2 * OneCall, lines.Skip(1).Select(line => line.Split(',')[6]).Where(usd => usd.Length > 0).Sum(usd => decimal.Parse(usd, CultureInfo.InvariantCulture)));
        (code, _, var error) = await RunAsync("costs", "ledger", "--last", "2h", "-o", file);
        Assert.Equal(2, code);
        Assert.Contains("cannot write", error, StringComparison.Ordinal);
        (code, var output, _) = await RunAsync("costs", "ledger", "--last", "2h", "--app", "shop");
        Assert.Equal((0, string.Join('\n', lines)), (code, output.ReplaceLineEndings("\n").TrimEnd('\n')));
    }

    [Fact]
    public async Task An_export_is_compared_listed_shown_again_and_taken_away()
    {
        using var folder = new TempFolder();
        var file = folder.At("september.csv");
        // A day of which nothing came here: that is explained, and no reason to fail.
        await File.WriteAllTextAsync(file, "usage_date_utc,cost_usd,model\n2020-01-05,1.50,claude-opus-4-5\n", Cancel);
        var (code, output, error) = await RunAsync("costs", "reconcile", "--file", file);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("september.csv: anthropic, cost, 2020-01-05 to 2020-01-05", output, StringComparison.Ordinal);
        Assert.Contains("before anything was sent here", output, StringComparison.Ordinal);
        Assert.Contains("In all $1.5000 there and $0 here.", output, StringComparison.Ordinal);

        (code, output, _) = await RunAsync("costs", "reconcile", "--json");
        var id = (long)JsonNode.Parse(output)!["items"]![0]!["id"]!;
        (code, output, _) = await RunAsync("costs", "reconcile", "--import", id.ToString(CultureInfo.InvariantCulture), "--once", "--json");
        Assert.Equal((0, id), (code, (long)JsonNode.Parse(output)!["import"]!["id"]!));
        (code, _, error) = await RunAsync("costs", "reconcile", "--import", id.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(1, code);
        Assert.Contains("no such import", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_explained_ends_with_1()
    {
        using var folder = new TempFolder();
        var file = folder.At("today.csv");
        var (_, output, _) = await RunAsync("calls", "app:shop outcome:success", "--last", "2h", "--json");
        var day = ((string)JsonNode.Parse(output)!["items"]![0]!["end"]!)[..10];
        await File.WriteAllTextAsync(file, $"start_time_iso,amount_value,amount_currency,line_item\n{day}T00:00:00+00:00,0.00000001,usd,gpt-4o-mini\n", Cancel);
        var (code, shown, error) = await RunAsync("costs", "reconcile", "--file", file, "--once", "--all");
        Assert.Equal((1, ""), (code, error));
        Assert.Contains("other prices", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("costs --per year")]
    [InlineData("costs --tz Mars/Base")]
    [InlineData("costs modle:x")]
    [InlineData("costs what-if")]
    [InlineData("costs what-if --model acme/nothing")]
    [InlineData("costs coverage model:gpt-4o")]
    [InlineData("costs reconcile --file /nowhere/at/all.csv")]
    [InlineData("costs reconcile --once")]
    [InlineData("costs ledger --json")]
    [InlineData("compare --tz Mars/Base")]
    public async Task Misuse_ends_with_2(string command)
    {
        var (code, output, error) = await RunAsync(command.Split(' '));
        Assert.Equal((2, ""), (code, output));
        Assert.NotEmpty(error);
    }

    [Fact]
    public async Task A_file_that_is_no_export_is_misuse_and_told_by_its_line()
    {
        using var folder = new TempFolder();
        var file = folder.At("wrong.csv");
        await File.WriteAllTextAsync(file, "usage_date_utc,cost_usd,model\n2026-01-01,1.5,a\nyesterday,1.5,a\n", Cancel);
        var (code, _, error) = await RunAsync("costs", "reconcile", "--file", file);
        Assert.Equal(2, code);
        Assert.Contains("Line 3, column usage_date_utc", error, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] args) =>
        CallwatchProcess.RunAsync([.. args, "--server", shop.Server.Url.ToString(), "--key", shop.AdminKey]);
}
