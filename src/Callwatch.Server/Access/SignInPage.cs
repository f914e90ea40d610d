using Callwatch.Dashboard.Standalone;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Server.Access;

/// <summary>The form to sign in with, shown in place of a page that needs it.</summary>
internal static class SignInPage
{
    /// <param name="detail">Why it is shown; null when the person came on purpose.</param>
    public static Task WriteAsync(HttpContext context, int status, string? detail)
    {
        var tokens = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        var back = SignIn.PageToReturnTo(context);
        var form = new SignInForm(
            context.Request.PathBase + SignIn.Path,
            [(tokens.FormFieldName, tokens.RequestToken!), (SignIn.ReturnField, back)],
            SignIn.KeyField,
            back);
        return StandalonePages.WriteSignInAsync(context, status, form, detail);
    }
}
