using System.Runtime.CompilerServices;
using Callwatch.Testing;
using Microsoft.Playwright;
using Xunit;
using Xunit.Sdk;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>What a page looked like when a test of it failed: a picture and its source in <c>artifacts/tests/browser</c>.</summary>
internal static class Trouble
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(Fixtures.Root, "..", "..", "artifacts", "tests", "browser"));
    private static readonly ConditionalWeakTable<ITest, object> Tests = [];

    // The page is gone before a test's end is known; that it goes wrong is known when it is thrown.
    [ModuleInitializer]
    internal static void Watch() => AppDomain.CurrentDomain.FirstChanceException += (_, thrown) =>
    {
        if (thrown.Exception is XunitException or PlaywrightException or TimeoutException && TestContext.Current.Test is { } test) Tests.TryAdd(test, "");
    };

    public static bool IsOf(ITest? test) => test is not null && Tests.TryGetValue(test, out _);

    public static async Task ShowAsync(IPage page, IEnumerable<string> said)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            var file = Path.Combine(Folder, string.Concat(TestContext.Current.Test!.TestDisplayName.Select(one => char.IsAsciiLetterOrDigit(one) || one is '.' or '_' ? one : '-')) is var name ? name[..Math.Min(name.Length, 150)] : "");
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = file + ".png", FullPage = true, Timeout = 20_000 });
            await File.WriteAllTextAsync(file + ".html", $"<!-- {page.Url}\n{string.Join('\n', said)} -->\n{await page.ContentAsync()}");
            TestContext.Current.TestOutputHelper?.WriteLine("What the page looked like: " + file + ".png");
        }
        catch (Exception e) when (e is PlaywrightException or TimeoutException or IOException)
        {
            // The failure itself is told all the same.
        }
    }
}
