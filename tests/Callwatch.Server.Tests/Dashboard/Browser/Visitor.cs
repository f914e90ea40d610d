using System.Collections.Concurrent;
using Callwatch.Testing;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>
/// Somebody with a browser. Whatever they do, it is noted when a page asks another machine, breaks the Content-Security-Policy,
/// throws, or lets anything run that came in a trace.
/// </summary>
public sealed class Visitor : IAsyncDisposable
{
    private readonly IBrowserContext context;
    private readonly ConcurrentQueue<string> wrong = new();

    private Visitor(IBrowserContext context, IPage page) => (this.context, Page) = (context, page);

    public IPage Page { get; }

    public static async Task<Visitor> ComeAsync(IBrowserContext context, Uri server)
    {
        await context.AddInitScriptAsync("addEventListener('securitypolicyviolation', event => console.error('CSP ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));");
        var visitor = new Visitor(context, await context.NewPageAsync());
        visitor.Page.SetDefaultTimeout((float)Patience.Long.TotalMilliseconds);
        context.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(server.GetLeftPart(UriPartial.Authority) + "/", StringComparison.Ordinal)) visitor.wrong.Enqueue("asked " + request.Url);
        };
        visitor.Page.Console += (_, message) =>
        {
            // A page that is an error says so on the console too.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource: the server responded with a status of 4", StringComparison.Ordinal)) visitor.wrong.Enqueue("console: " + message.Text);
        };
        visitor.Page.PageError += (_, error) => visitor.wrong.Enqueue("threw: " + error);
        visitor.Page.Dialog += async (_, dialog) =>
        {
            visitor.wrong.Enqueue("dialog: " + dialog.Message);
            await dialog.DismissAsync();
        };
        return visitor;
    }

    /// <summary>Goes to an address and waits until everything of it is there.</summary>
    public async Task<int> GoAsync(string address)
    {
        var answer = await Page.GotoAsync(address, new PageGotoOptions { WaitUntil = WaitUntilState.Load });
        return answer!.Status;
    }

    /// <summary>
    /// Clicks on what leads to another page, a link or the button of a form, and waits until everything of that is there. The page that is left gets a
    /// mark: each has a window of its own, so the next one has none, however late it comes and whatever the old one makes of its address meanwhile.
    /// </summary>
    public async Task FollowAsync(ILocator link)
    {
        await Page.EvaluateAsync("() => { window.isLeft = true; }");
        await link.ClickAsync();
        await Eventually.AnswersAsync(async () => await IsThereAsync() ? "there" : null, () => "another page than " + Page.Url);
    }

    private async Task<bool> IsThereAsync()
    {
        try
        {
            // A script that is asked for while one page gives way to the other may never come back.
            return await Page.EvaluateAsync<bool>("() => !('isLeft' in window) && document.readyState === 'complete'").WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (Exception e) when (e is TimeoutException or PlaywrightException && !Page.IsClosed)
        {
            // Just between the two.
            return false;
        }
    }

    /// <summary>Clicks on something in a part of the page that is drawn anew every few seconds: a click that falls into just that moment goes nowhere, and is made once more.</summary>
    public async Task ClickUntilAsync(string what, string there)
    {
        for (var again = 0; again < 10; again++)
        {
            try
            {
                await Page.ClickAsync(what, new PageClickOptions { Timeout = 30_000 });
                await Page.WaitForSelectorAsync(there, new PageWaitForSelectorOptions { Timeout = 30_000 });
                return;
            }
            catch (TimeoutException)
            {
                if (await Page.Locator(there).CountAsync() > 0) return;
            }
        }

        await Page.WaitForSelectorAsync(there);
    }

    /// <summary>Nothing ran, nothing was asked of others, nothing was forbidden, up to here.</summary>
    public async Task AssertUnharmedAsync()
    {
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
        Assert.False(await Page.EvaluateAsync<bool>("() => 'pwned' in window"), "something in a trace ran");
        Assert.Equal(0, await Page.EvaluateAsync<int>("() => document.querySelectorAll('[style^=\"evil\"], [onerror], [onload], [onclick], iframe, object, embed, a[href^=\"javascript:\"]').length"));
    }

    public async Task AssertAccessibleAsync()
    {
        await Page.WaitForLoadStateAsync();
        var result = await Page.RunAxe();
        var violations = result.Violations.Select(violation => $"{violation.Id}: {string.Join(" | ", violation.Nodes.Take(3).Select(node => node.Html))}").ToList();
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    /// <summary>The page is no wider than the window.</summary>
    public async Task AssertFitsAsync() =>
        Assert.Equal("", await Page.EvaluateAsync<string>("() => document.documentElement.scrollWidth <= innerWidth ? '' : `${document.documentElement.scrollWidth} wide in ${innerWidth}`"));

    public async ValueTask DisposeAsync()
    {
        if (Trouble.IsOf(TestContext.Current.Test)) await Trouble.ShowAsync(Page, wrong);
        await context.DisposeAsync();
    }
}
